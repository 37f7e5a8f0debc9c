/* D = alpha A B C + beta D, by way of tmp = alpha A B. */

void kernel_2mm(int ni, int nj, int nk, int nl, double alpha, double beta, double tmp[40][50],
                double A[40][70], double B[70][50], double C[50][80], double D[40][80])
{
    int i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 40; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (j = 0; j < 50; j++) {
            tmp[i][j] = 0.0;
            #pragma ACCEL PARALLEL reduction=tmp FACTOR=auto{__PARA__L4}
            for (k = 0; k < 70; k++) {
                tmp[i][j] += alpha * A[i][k] * B[k][j];
            }
        }
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L1}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (i = 0; i < 40; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L3}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
        for (j = 0; j < 80; j++) {
            D[i][j] = beta * D[i][j];
            #pragma ACCEL PARALLEL reduction=D FACTOR=auto{__PARA__L5}
            for (k = 0; k < 50; k++) {
                D[i][j] += tmp[i][k] * C[k][j];
            }
        }
    }
}
