/* C = alpha A A' + beta C, the lower triangle only. */

void kernel_syrk(double alpha, double beta, double C[80][80], double A[80][60])
{
    int i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 80; i++) {
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 80; j++) {
            if (j <= i) {
                C[i][j] = beta * C[i][j];
            }
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (k = 0; k < 60; k++) {
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
            for (j = 0; j < 80; j++) {
                if (j <= i) {
                    C[i][j] += alpha * A[i][k] * A[j][k];
                }
            }
        }
    }
}
