/* Correlates a grid of 128 x 64 integers with a 3 x 3 filter; the last two rows and columns are not written. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void stencil(int orig[8192], int sol[8192], int filter[9])
{
    int r;
    int c;
    int k1;
    int k2;
    int temp;
    int mul;

#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    stencil_label1: for (r = 0; r < 126; r++) {
#pragma ACCEL PIPELINE auto{__PIPE__L1}
#pragma ACCEL TILE FACTOR=auto{__TILE__L1}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        stencil_label2: for (c = 0; c < 62; c++) {
            temp = 0;
#pragma ACCEL PIPELINE auto{__PIPE__L2}
            stencil_label3: for (k1 = 0; k1 < 3; k1++) {
                stencil_label4: for (k2 = 0; k2 < 3; k2++) {
                    mul = filter[k1 * 3 + k2] * orig[(r + k1) * 64 + c + k2];
                    temp += mul;
                }
            }
            sol[r * 64 + c] = temp;
        }
    }
}
