#pragma once
#include "../ap_utils.h"
