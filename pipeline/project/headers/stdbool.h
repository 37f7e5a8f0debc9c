/* bool as a type's name: what is written back says bool, and includes the header again. */
#pragma GCC system_header
#ifndef HLS_PIPELINE_STDBOOL_H
#define HLS_PIPELINE_STDBOOL_H
typedef _Bool bool;
#define true 1
#define false 0
#define __bool_true_false_are_defined 1
#endif
