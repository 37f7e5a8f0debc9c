#pragma once
#include "ap_axi_sdata.h"
