/* The C library's, without the macros that stand for its functions. */
#pragma GCC system_header
#include_next <ctype.h>
#undef isalpha
#undef isdigit
#undef islower
#undef isupper
#undef isprint
#undef isgraph
#undef isspace
