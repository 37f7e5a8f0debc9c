// The 16-bit floating-point number.
#pragma once
#include "ap_common.h"
