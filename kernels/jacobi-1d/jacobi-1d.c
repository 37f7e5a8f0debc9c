/* Jacobi smoothing of a line, three points wide, from A to B and back. */

void kernel_jacobi_1d(int tsteps, int n, double A[120], double B[120])
{
    int t, i;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (t = 0; t < 40; t++) {
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (i = 1; i < 119; i++) {
            B[i] = 0.33333 * (A[i - 1] + A[i] + A[i + 1]);
        }

        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (i = 1; i < 119; i++) {
            A[i] = 0.33333 * (B[i - 1] + B[i] + B[i + 1]);
        }
    }
}
