/* Electromagnetic field in a plane by finite differences in time; _fict_ drives one edge. */

void kernel_fdtd_2d(int tmax, int nx, int ny, double ex[200][240], double ey[200][240],
                    double hz[200][240], double _fict_[100])
{
    int t, i, j;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (t = 0; t < 100; t++) {
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 240; j++) {
            ey[0][j] = _fict_[t];
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (i = 1; i < 200; i++) {
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L5}
            for (j = 0; j < 240; j++) {
                ey[i][j] = ey[i][j] - 0.5 * (hz[i][j] - hz[i - 1][j]);
            }
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L3}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
        for (i = 0; i < 200; i++) {
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L6}
            for (j = 1; j < 240; j++) {
                ex[i][j] = ex[i][j] - 0.5 * (hz[i][j] - hz[i][j - 1]);
            }
        }

        #pragma ACCEL PIPELINE auto{__PIPE__L4}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L4}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L4}
        for (i = 0; i < 199; i++) {
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L7}
            for (j = 0; j < 239; j++) {
                hz[i][j] = hz[i][j] - 0.7 * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j]);
            }
        }
    }
}
