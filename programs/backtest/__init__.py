"""What a draft would have done with past calls, beside the live version: a pure function over ``Case`` records.

No Django and no database here. ``cases`` come from stored decisions (dispatch) or from a call log (interop). Every
number is the exact engine's: calls with the same answers and nature are judged once, and time and place are then
counted with numpy. numpy and shapely are imported by ``counting`` alone, so only by the process that runs a backtest.
"""
