/* The C library's, with assert as a function, of which the tool takes no notice. Under NDEBUG it is nothing. */
#pragma GCC system_header
#include_next <assert.h>
#ifndef NDEBUG
#undef assert
#ifdef __cplusplus
extern "C"
#endif
void assert(int);
#endif
