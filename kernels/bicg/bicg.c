/* s = A' r and q = A p in one sweep over A. */

void kernel_bicg(int m, int n, double A[124][116], double s[116], double q[124], double p[116],
                 double r[124])
{
    int i, j;

    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 116; i++) {
        s[i] = 0.0;
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L1}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (i = 0; i < 124; i++) {
        q[i] = 0.0;
        #pragma ACCEL PARALLEL reduction FACTOR=auto{__PARA__L2}
        for (j = 0; j < 116; j++) {
            s[j] += r[i] * A[i][j];
            q[i] += A[i][j] * p[j];
        }
    }
}
