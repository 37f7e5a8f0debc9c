/* y = alpha A x + beta B x. */

void kernel_gesummv(double alpha, double beta, double A[250][250], double B[250][250],
                    double tmp[250], double x[250], double y[250])
{
    int i, j;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 250; i++) {
        tmp[i] = 0.0;
        y[i] = 0.0;
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 250; j++) {
            tmp[i] += A[i][j] * x[j];
            y[i] += B[i][j] * x[j];
        }
        y[i] = alpha * tmp[i] + beta * y[i];
    }
}
