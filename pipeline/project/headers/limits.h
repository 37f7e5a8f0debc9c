/* The C library's, with the greatest values as plain numbers of the same value and type. */
#pragma GCC system_header
#include_next <limits.h>
#undef CHAR_MAX
#undef UCHAR_MAX
#undef SHRT_MAX
#undef USHRT_MAX
#undef INT_MAX
#undef UINT_MAX
#undef LONG_MAX
#undef ULONG_MAX
#ifdef __CHAR_UNSIGNED__
#define CHAR_MAX 255
#else
#define CHAR_MAX 127
#endif
#define UCHAR_MAX 255
#define SHRT_MAX 32767
#define USHRT_MAX 65535
#define INT_MAX 2147483647
#define UINT_MAX 4294967295U
#define LONG_MAX 9223372036854775807L
#define ULONG_MAX 18446744073709551615UL
