/* B = alpha A' B for unit lower triangular A, in place. */

void kernel_trmm(double alpha, double A[60][60], double B[60][80])
{
    int i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 60; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 80; j++) {
            #pragma ACCEL PARALLEL reduction=B FACTOR=auto{__PARA__L2}
            for (k = 0; k < 60; k++) {
                if (k > i) {
                    B[i][j] += A[k][i] * B[k][j];
                }
            }
            B[i][j] = alpha * B[i][j];
        }
    }
}
