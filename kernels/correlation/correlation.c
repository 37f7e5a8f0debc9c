/* Correlation matrix of the columns of data, which are standardised in place. */
#include <math.h>

void kernel_correlation(double float_n, double data[100][80], double corr[80][80], double mean[80],
                        double stddev[80])
{
    int i, j, k;
    double eps = 0.1;

    #pragma ACCEL PIPELINE auto{__PIPE__L0}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L0}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (j = 0; j < 80; j++) {
        mean[j] = 0.0;
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L4}
        for (i = 0; i < 100; i++) {
            mean[j] += data[i][j];
        }
        mean[j] /= float_n;
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L1}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L1}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (j = 0; j < 80; j++) {
        stddev[j] = 0.0;
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L5}
        for (i = 0; i < 100; i++) {
            stddev[j] += pow(data[i][j] - mean[j], 2.0);
        }
        stddev[j] /= float_n;
        stddev[j] = sqrt(stddev[j]);
        /* A nearly constant column is centred but not scaled. */
        stddev[j] = stddev[j] <= eps ? 1.0 : stddev[j];
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L2}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L2}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L2}
    for (i = 0; i < 100; i++) {
        #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L6}
        for (j = 0; j < 80; j++) {
            data[i][j] -= mean[j];
            data[i][j] /= sqrt(float_n) * stddev[j];
        }
    }

    #pragma ACCEL PIPELINE auto{__PIPE__L3}
    #pragma ACCEL TILE FACTOR=auto{__TILE__L3}
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L3}
    for (i = 0; i < 79; i++) {
        corr[i][i] = 1.0;
        #pragma ACCEL PIPELINE auto{__PIPE__L7}
        for (j = i + 1; j < 80; j++) {
            corr[i][j] = 0.0;
            #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L7_0}
            for (k = 0; k < 100; k++) {
                corr[i][j] += data[k][i] * data[k][j];
            }
            corr[j][i] = corr[i][j];
        }
    }
    corr[79][79] = 1.0;
}
