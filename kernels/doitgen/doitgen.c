/* Each row A[r][q] is multiplied by the matrix C4, in place. */

void kernel_doitgen(int nr, int nq, int np, double A[25][20][30], double C4[30][30], double sum[30])
{
    int r, q, p, s;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    for (r = 0; r < 25; r++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        for (q = 0; q < 20; q++) {
            #pragma ACCEL PIPELINE auto{__PIPE__L2}
            #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
            for (p = 0; p < 30; p++) {
                sum[p] = 0.0;
                for (s = 0; s < 30; s++) {
                    sum[p] += A[r][q][s] * C4[s][p];
                }
            }

            for (p = 0; p < 30; p++) {
                A[r][q][p] = sum[p];
            }
        }
    }
}
