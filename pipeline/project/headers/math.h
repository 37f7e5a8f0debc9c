/* The C library's, with its tests as functions: written back, they mean the same under any other library. */
#pragma GCC system_header
#include_next <math.h>
#ifndef HLS_PIPELINE_MATH_H
#define HLS_PIPELINE_MATH_H
#undef fpclassify
#undef isfinite
#undef isinf
#undef isnan
#undef isnormal
#undef signbit
#undef isgreater
#undef isgreaterequal
#undef isless
#undef islessequal
#undef islessgreater
#undef isunordered
int fpclassify(double);
int isfinite(double);
int isinf(double);
int isnan(double);
int isnormal(double);
int signbit(double);
int isgreater(double, double);
int isgreaterequal(double, double);
int isless(double, double);
int islessequal(double, double);
int islessgreater(double, double);
int isunordered(double, double);
#endif
