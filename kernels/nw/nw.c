/* Needleman-Wunsch alignment of two texts of 128 letters: fills the score table and the table of moves. */
/* The labels name the loops for reports and directives; no goto uses them. */
#pragma GCC diagnostic ignored "-Wunused-label"

void needwun(char SEQA[128], char SEQB[128], char alignedA[256], char alignedB[256], int M[16641], char ptr[16641])
{
    int score;
    int up_left;
    int up;
    int left;
    int max;
    int row;
    int row_up;
    int a_idx;
    int b_idx;
    int a_str_idx;
    int b_str_idx;

#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    init_row: for (a_idx = 0; a_idx < 129; a_idx++) {
        M[a_idx] = a_idx * -1;
    }
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    init_col: for (b_idx = 0; b_idx < 129; b_idx++) {
        M[b_idx * 129] = b_idx * -1;
    }

#pragma ACCEL PIPELINE auto{__PIPE__L2}
#pragma ACCEL TILE FACTOR=auto{__TILE__L2}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
    fill_out: for (b_idx = 1; b_idx < 129; b_idx++) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
        fill_in: for (a_idx = 1; a_idx < 129; a_idx++) {
            if (SEQA[a_idx - 1] == SEQB[b_idx - 1]) {
                score = 1;
            } else {
                score = -1;
            }
            row_up = (b_idx - 1) * 129;
            row = b_idx * 129;
            up_left = M[row_up + (a_idx - 1)] + score;
            up = M[row_up + a_idx] + -1;
            left = M[row + (a_idx - 1)] + -1;
            max = up > left ? up : left;
            max = up_left > max ? up_left : max;
            M[row + a_idx] = max;
            if (max == left) {
                ptr[row + a_idx] = '<';
            } else if (max == up) {
                ptr[row + a_idx] = '^';
            } else {
                ptr[row + a_idx] = '\\';
            }
        }
    }

    /* Where a traceback would start. There is none here: alignedA and alignedB are left as they are. */
    a_idx = 128;
    b_idx = 128;
    a_str_idx = 0;
    b_str_idx = 0;
    (void)a_str_idx;
    (void)b_str_idx;
}
