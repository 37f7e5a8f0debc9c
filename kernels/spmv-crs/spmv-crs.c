/* Sparse matrix times vector: 494 rows and 1666 non-zeros in compressed row storage. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void spmv(double val[1666], int cols[1666], int rowDelimiters[495], double vec[494], double out[494])
{
    int i;
    int j;
    double sum;
    double Si;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    spmv_1: for (i = 0; i < 494; i++) {
        int tmp_begin;
        int tmp_end;
        sum = 0.0;
        tmp_begin = rowDelimiters[i];
        tmp_end = rowDelimiters[i + 1];
        spmv_2: for (j = tmp_begin; j < tmp_end; j++) {
            Si = val[j] * vec[cols[j]];
            sum += Si;
        }
        out[i] = sum;
    }
}
