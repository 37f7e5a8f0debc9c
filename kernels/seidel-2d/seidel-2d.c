/* Gauss-Seidel smoothing: each inner point becomes the mean of its 3 x 3 neighbourhood, in place. */

void kernel_seidel_2d(int tsteps, int n, double A[120][120])
{
    int t, i, j;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (t = 0; t <= 39; t++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (i = 1; i <= 118; i++) {
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
            for (j = 1; j <= 118; j++) {
                A[i][j] = (A[i - 1][j - 1] + A[i - 1][j] + A[i - 1][j + 1] + A[i][j - 1] + A[i][j] + A[i][j + 1] +
                           A[i + 1][j - 1] + A[i + 1][j] + A[i + 1][j + 1]) /
                          9.0;
            }
        }
    }
}
