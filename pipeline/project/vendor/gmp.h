// What the tool ships for simulation; its types are in no kernel.
#pragma once
