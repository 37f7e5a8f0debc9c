#pragma once
#include "ap_common.h"
