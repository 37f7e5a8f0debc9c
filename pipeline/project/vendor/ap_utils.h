#pragma once
#include "ap_common.h"
void ap_wait();
void ap_wait_n(int);
void ap_wait_until(bool);
