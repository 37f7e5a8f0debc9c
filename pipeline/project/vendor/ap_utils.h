#pragma once
#include "ap_common.h"
// A register stage of Vivado HLS, which synthesis knows by itself.
template <class T> T reg(T x);
