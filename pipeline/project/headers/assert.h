/* The C library's, with assert as a function: what is written back includes the header again. */
#pragma GCC system_header
#include_next <assert.h>
#undef assert
void assert(int);
