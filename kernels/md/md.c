/* Lennard-Jones force on each of 256 particles from its 16 listed neighbours. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void md_kernel(double force_x[256], double force_y[256], double force_z[256], double position_x[256],
               double position_y[256], double position_z[256], int NL[4096])
{
    double delx;
    double dely;
    double delz;
    double r2inv;
    double r6inv;
    double potential;
    double force;
    double j_x;
    double j_y;
    double j_z;
    double i_x;
    double i_y;
    double i_z;
    double fx;
    double fy;
    double fz;
    int i;
    int j;
    int jidx;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    loop_i: for (i = 0; i < 256; i++) {
        i_x = position_x[i];
        i_y = position_y[i];
        i_z = position_z[i];
        fx = 0.0;
        fy = 0.0;
        fz = 0.0;
        loop_j: for (j = 0; j < 16; j++) {
            jidx = NL[16 * i + j];
            j_x = position_x[jidx];
            j_y = position_y[jidx];
            j_z = position_z[jidx];
            delx = i_x - j_x;
            dely = i_y - j_y;
            delz = i_z - j_z;
            r2inv = 1.0 / (delx * delx + dely * dely + delz * delz);
            r6inv = r2inv * r2inv * r2inv;
            potential = r6inv * (1.5 * r6inv - 2.0);
            force = r2inv * potential;
            fx += delx * force;
            fy += dely * force;
            fz += delz * force;
        }
        force_x[i] = fx;
        force_y[i] = fy;
        force_z[i] = fz;
    }
}
