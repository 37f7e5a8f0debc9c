#pragma once
#include "ap_common.h"
void ap_wait();
void ap_wait_n(int);
void ap_wait_until(bool);
// A register stage of Vivado HLS, which synthesis knows by itself.
template <class T> T reg(T x);
