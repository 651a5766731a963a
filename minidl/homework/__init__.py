"""Homework: exercises on what this framework is made of, and a grader that says which mistake it found.

`minidl homework start my-homework` copies the starter files; `minidl homework check` grades them. What right means for
each exercise is written in its folder under exercises/.
"""
