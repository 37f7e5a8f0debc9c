/* Seven-point stencil on the 32 x 32 x 32 interior of a 34 x 34 x 34 grid of 64-bit integers; the border stays. */

/* sol has the shape of orig: the published text declares 32768 elements and writes up to index 38112. */
void stencil3d(long C0, long C1, long orig[39304], long sol[39304])
{
    long sum0;
    long sum1;
    long mul0;
    long mul1;
    long i;
    long j;
    long ko;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    for (i = 1; i < 33; i++) {
#pragma ACCEL PIPELINE auto{__PIPE__L1}
#pragma ACCEL TILE FACTOR=auto{__TILE__L1}
        for (j = 1; j < 33; j++) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
            for (ko = 0; ko <= 31; ko++) {
                long _in_ko = ko + 1;
                sum0 = orig[_in_ko + 34 * (j + 34 * i)];
                sum1 = orig[_in_ko + 34 * (j + 34 * (i + 1))] + orig[_in_ko + 34 * (j + 34 * (i - 1))] +
                       orig[_in_ko + 34 * (j + 1 + 34 * i)] + orig[_in_ko + 34 * (j - 1 + 34 * i)] +
                       orig[_in_ko + 1 + 34 * (j + 34 * i)] + orig[_in_ko - 1 + 34 * (j + 34 * i)];
                mul0 = sum0 * C0;
                mul1 = sum1 * C1;
                sol[_in_ko + 34 * (j + 34 * i)] = mul0 + mul1;
            }
        }
    }
}
