/* Adds a sparse matrix times a vector to the output: 494 rows of 10 entries each in ELLPACK storage. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void ellpack(double nzval[4940], int cols[4940], double vec[494], double out[494])
{
    int i;
    int j;
    double Si;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    ellpack_1: for (i = 0; i < 494; i++) {
        double sum = out[i];
        ellpack_2: for (j = 0; j < 10; j++) {
            Si = nzval[j + i * 10] * vec[cols[j + i * 10]];
            sum += Si;
        }
        out[i] = sum;
    }
}
