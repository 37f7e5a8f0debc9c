/* Heat equation in three dimensions by explicit steps, from A to B and back. */

void kernel_heat_3d(int tsteps, int n, double A[20][20][20], double B[20][20][20])
{
    int t, i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (t = 1; t <= 40; t++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        for (i = 1; i < 19; i++) {
            #pragma ACCEL PIPELINE auto{__PIPE__L3}
            #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
            for (j = 1; j < 19; j++) {
                for (k = 1; k < 19; k++) {
                    B[i][j][k] = 0.125 * (A[i + 1][j][k] - 2.0 * A[i][j][k] + A[i - 1][j][k]) +
                                 0.125 * (A[i][j + 1][k] - 2.0 * A[i][j][k] + A[i][j - 1][k]) +
                                 0.125 * (A[i][j][k + 1] - 2.0 * A[i][j][k] + A[i][j][k - 1]) + A[i][j][k];
                }
            }
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        for (i = 1; i < 19; i++) {
            #pragma ACCEL PIPELINE auto{__PIPE__L4}
            #pragma ACCEL TILE FACTOR=auto{__TILE__L4}
            for (j = 1; j < 19; j++) {
                for (k = 1; k < 19; k++) {
                    A[i][j][k] = 0.125 * (B[i + 1][j][k] - 2.0 * B[i][j][k] + B[i - 1][j][k]) +
                                 0.125 * (B[i][j + 1][k] - 2.0 * B[i][j][k] + B[i][j - 1][k]) +
                                 0.125 * (B[i][j][k + 1] - 2.0 * B[i][j][k] + B[i][j][k - 1]) + B[i][j][k];
                }
            }
        }
    }
}
