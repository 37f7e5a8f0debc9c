/* C = alpha A B + beta C for symmetric A given by its lower triangle; one loop per sum. */

void kernel_symm(double alpha, double beta, double C[60][80], double A[60][60], double B[60][80])
{
    int i, j, k;
    double tmp, temp2;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 60; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 80; j++) {
            tmp = B[i][j];
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
            for (k = 0; k < 60; k++) {
                if (k < i) {
                    C[k][j] += alpha * tmp * A[i][k];
                }
            }
            temp2 = 0.0;
            #pragma ACCEL PARALLEL reduction=temp2 FACTOR=auto{__PARA__L3}
            for (k = 0; k < 60; k++) {
                if (k < i) {
                    temp2 += B[k][j] * A[i][k];
                }
            }
            C[i][j] = beta * C[i][j] + alpha * B[i][j] * A[i][i] + alpha * temp2;
        }
    }
}
