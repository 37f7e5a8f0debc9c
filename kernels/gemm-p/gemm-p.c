/* C = alpha A B + beta C, a row of B at a time. */

void kernel_gemm(int ni, int nj, int nk, double alpha, double beta, double C[60][70],
                 double A[60][80], double B[80][70])
{
    int i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 60; i++) {
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 70; j++) {
            C[i][j] = beta * C[i][j];
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (k = 0; k < 80; k++) {
            #pragma ACCEL PARALLEL reduction=C FACTOR=auto{__PARA__L3}
            for (j = 0; j < 70; j++) {
                C[i][j] += alpha * A[i][k] * B[k][j];
            }
        }
    }
}
