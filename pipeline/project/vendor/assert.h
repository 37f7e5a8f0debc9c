/* The C library's, with assert as a function that does nothing. */
#pragma GCC system_header
#include_next <assert.h>
#undef assert
#ifdef __cplusplus
extern "C"
#endif
inline void assert(int) {}
