/* Heat equation in a plane, implicit in alternating directions: columns are solved, then rows. */

void kernel_adi(int tsteps, int n, double u[60][60], double v[60][60], double p[60][60],
                double q[60][60])
{
    int t, i, j;
    int _in_j, _in_j_0;

    double DX = 1.0 / 60.0;
    double DY = 1.0 / 60.0;
    double DT = 1.0 / 40.0;
    double B1 = 2.0;
    double B2 = 1.0;
    double mul1 = B1 * DT / (DX * DX);
    double mul2 = B2 * DT / (DY * DY);
    double a = -mul1 / 2.0;
    double b = 1.0 + mul1;
    double c = a;
    double d = -mul2 / 2.0;
    double e = 1.0 + mul2;
    double f = d;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (t = 1; t <= 40; t++) {
        /* Columns: v from u. The boundary is 1; p and q hold the forward elimination. */
        #pragma ACCEL PIPELINE auto{__PIPE__L1}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (i = 1; i < 59; i++) {
            v[0][i] = 1.0;
            p[i][0] = 0.0;
            q[i][0] = v[0][i];
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
            for (j = 1; j < 59; j++) {
                p[i][j] = -c / (a * p[i][j - 1] + b);
                q[i][j] = (-d * u[j][i - 1] + (1.0 + 2.0 * d) * u[j][i] - f * u[j][i + 1] - a * q[i][j - 1]) /
                          (a * p[i][j - 1] + b);
            }
            v[59][i] = 1.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L4}
            for (j = 0; j <= 57; j++) {
                _in_j = 58 - j; /* rows 58 down to 1 */
                v[_in_j][i] = p[i][_in_j] * v[_in_j + 1][i] + q[i][_in_j];
            }
            j = 0; /* where a descending loop would leave it */
        }

        /* Rows: u from v. */
        #pragma ACCEL PIPELINE auto{__PIPE__L2}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
        for (i = 1; i < 59; i++) {
            u[i][0] = 1.0;
            p[i][0] = 0.0;
            q[i][0] = u[i][0];
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L5}
            for (j = 1; j < 59; j++) {
                p[i][j] = -f / (d * p[i][j - 1] + e);
                q[i][j] = (-a * v[i - 1][j] + (1.0 + 2.0 * a) * v[i][j] - c * v[i + 1][j] - d * q[i][j - 1]) /
                          (d * p[i][j - 1] + e);
            }
            u[i][59] = 1.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L6}
            for (j = 0; j <= 57; j++) {
                _in_j_0 = 58 - j; /* columns 58 down to 1 */
                u[i][_in_j_0] = p[i][_in_j_0] * u[i][_in_j_0 + 1] + q[i][_in_j_0];
            }
            j = 0; /* where a descending loop would leave it */
        }
    }
}
