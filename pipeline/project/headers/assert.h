/* The C library's, with assert as a function: what is written back includes the header again. Under NDEBUG it is nothing. */
#pragma GCC system_header
#include_next <assert.h>
#ifndef NDEBUG
#undef assert
void assert(int);
#endif
