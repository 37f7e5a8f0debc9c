/* Product of two 64 x 64 matrices stored row after row: three plain loops, one scalar accumulator per element. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void gemm(double m1[4096], double m2[4096], double prod[4096])
{
    int i;
    int j;
    int k;
    int k_col;
    int i_col;
    double mult;
    double sum;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    outer: for (i = 0; i < 64; i++) {
#pragma ACCEL PIPELINE auto{__PIPE__L1}
#pragma ACCEL TILE FACTOR=auto{__TILE__L1}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        middle: for (j = 0; j < 64; j++) {
            i_col = i * 64;
            sum = 0.0;
#pragma ACCEL PARALLEL reduction=sum FACTOR=auto{__PARA__L2}
            inner: for (k = 0; k < 64; k++) {
                k_col = k * 64;
                mult = m1[i_col + k] * m2[k_col + j];
                sum += mult;
            }
            prod[i_col + j] = sum;
        }
    }
}
