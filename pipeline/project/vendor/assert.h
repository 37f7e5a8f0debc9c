/* The C library's, with assert as a function: the tool takes no notice of it. */
#pragma GCC system_header
#include_next <assert.h>
#undef assert
#ifdef __cplusplus
extern "C"
#endif
void assert(int);
