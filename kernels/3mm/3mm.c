/* G = (A B) (C D), by way of E = A B and F = C D. */

void kernel_3mm(int ni, int nj, int nk, int nl, int nm, double E[40][50], double A[40][60],
                double B[60][50], double F[50][70], double C[50][80], double D[80][70],
                double G[40][70])
{
    int i, j, k;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 40; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L3}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
        for (j = 0; j < 50; j++) {
            E[i][j] = 0.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L6}
            for (k = 0; k < 60; k++) {
                E[i][j] += A[i][k] * B[k][j];
            }
        }
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L1}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (i = 0; i < 50; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L4}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L4}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L4}
        for (j = 0; j < 70; j++) {
            F[i][j] = 0.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L7}
            for (k = 0; k < 80; k++) {
                F[i][j] += C[i][k] * D[k][j];
            }
        }
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L2}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
    for (i = 0; i < 40; i++) {
        #pragma ACCEL PIPELINE auto{__PIPE__L5}
        #pragma ACCEL TILE FACTOR=auto{__TILE__L5}
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L5}
        for (j = 0; j < 70; j++) {
            G[i][j] = 0.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L8}
            for (k = 0; k < 50; k++) {
                G[i][j] += E[i][k] * F[k][j];
            }
        }
    }
}
