/* A = A + u1 v1' + u2 v2', x = x + beta A' y + z, w = w + alpha A x. */

void kernel_gemver(int n, double alpha, double beta, double A[120][120], double u1[120],
                   double v1[120], double u2[120], double v2[120], double w[120], double x[120],
                   double y[120], double z[120])
{
    int i, j;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 120; i++) {
        #pragma ACCEL PARALLEL reduction=A FACTOR=auto{__PARA__L4}
        for (j = 0; j < 120; j++) {
            A[i][j] += u1[i] * v1[j] + u2[i] * v2[j];
        }
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L1}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (i = 0; i < 120; i++) {
        #pragma ACCEL PARALLEL reduction=x FACTOR=auto{__PARA__L5}
        for (j = 0; j < 120; j++) {
            x[i] += beta * A[j][i] * y[j];
        }
    }

    #pragma ACCEL PARALLEL reduction=x FACTOR=auto{__PARA__L2}
    for (i = 0; i < 120; i++) {
        x[i] = x[i] + z[i];
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L3}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
    for (i = 0; i < 120; i++) {
        #pragma ACCEL PARALLEL reduction=w FACTOR=auto{__PARA__L6}
        for (j = 0; j < 120; j++) {
            w[i] += alpha * A[i][j] * x[j];
        }
    }
}
