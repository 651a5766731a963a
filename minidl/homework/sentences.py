"""What the learner's loop says, in English and in Chinese; and how it is fitted into lines."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata

STATES = {
    "right": "正确",
    "wrong": "有错",
    "wrong only in its convention": "只是约定不同",
    "not started": "尚未开始",
    "does not load": "无法加载",
    "not checked": "尚未检查",
}
CHINESE = {
    **STATES,
    "{n} starter files written to {path}": "已在 {path} 写入 {n} 个起始文件",
    "files that were there and stay as they are: {n}": "保持不变的已有文件：{n} 个",
    "begin with {path}": "从 {path} 开始",
    "write what its docstring says, then: minidl homework check {id}": "按文件开头的说明写代码，然后运行：minidl homework check {id}",
    "first go to the folder: cd {path}": "先进入文件夹：cd {path}",
    "{right} of {all} right": "{all} 题中 {right} 题正确",
    "homework in {path}": "作业在 {path}",
    "part {n}, {title}: {right} of {all} right": "第 {n} 部分，{title}：{all} 题中 {right} 题正确",
    "next: {title}": "下一题：{title}",
    "all exercises are right; what is left is the capstone: minidl homework check capstone": "所有练习都正确了；还剩总结项目：minidl homework check capstone",
    "all exercises are right, the capstone too": "所有练习和总结项目都正确了",
    "{file}: {state}": "{file}：{state}",
    "{passed} of {checks} checks passed": "{checks} 项检查通过了 {passed} 项",
    "{checks} checks": "{checks} 项检查",
    "seed {seed}": "种子 {seed}",
    "write it where it says `raise NotImplementedError`": "请在 `raise NotImplementedError` 处写代码",
    "it printed:": "程序输出：",
    "({n} more lines)": "（另有 {n} 行）",
    "the same inputs again: minidl homework check {id} --seed {seed}": "用同样的输入再查一次：minidl homework check {id} --seed {seed}",
    "a hint: minidl homework hint {id}": "需要提示：minidl homework hint {id}",
    "the file again: minidl homework reset {id}": "重新写入起始文件：minidl homework reset {id}",
    "hint {n} of {all}": "提示 {n}/{all}",
    "the next one: minidl homework hint {id}": "下一条提示：minidl homework hint {id}",
    "that was the last; the solution: minidl homework solution {id} --give-up": "这是最后一条；查看答案：minidl homework solution {id} --give-up",
    "{file} is {state}; to see the solution all the same: minidl homework solution {id} --give-up": "{file}：{state}；仍要查看答案：minidl homework solution {id} --give-up",
    "{file} is the starter again": "{file} 已恢复为起始文件",
    "the old file is {path}": "原文件保存在 {path}",
    "watching {path}; save a file to have it graded, Ctrl-C ends": "正在监视 {path}；保存文件即自动检查，按 Ctrl-C 结束",
    "the next exercise": "下一题",
    "gradients by hand": "手写梯度",
    "an engine, data and the loop": "自动求导、数据与训练循环",
    "optimizers": "优化算法",
    "networks and the framework": "网络与框架",
    "capstone": "总结项目",
}


_PARTS = r"minidl homework .*$|`[^`]{1,60}`\S*|[\u2e80-\uffef][，。；：、！？）》”]*|[^\s\u2e80-\uffef]+|\s+"


def say(language: str, english: str, **values: object) -> str:
    """A sentence in the language, with its values filled in."""
    return (CHINESE[english] if language == "zh" else english).format(**values)


def width() -> int:
    """Columns to write in: those of the terminal, at most 100; 80 where there is none."""
    return max(40, min(100, shutil.get_terminal_size((80, 24)).columns))


def fitted(text: str, indent: str = "") -> str:
    """A text in lines of `width()` columns; its own line ends stay, what follows in a line is indented by two more."""
    return "\n".join(_fitted(line, indent, width()) for line in plain(text).split("\n"))


def flowing(text: str) -> str:
    """A text whose paragraphs are one line each, to be fitted to any width; lists and indented lines stay as they are."""
    lines: list[str] = []
    for line in text.split("\n"):
        before = lines[-1] if lines else ""
        if before.strip() and line.strip() and not re.match(r"\s|[-*] |\d+[.)] |```|>>>", line) and before[0] != " ":
            both = unicodedata.east_asian_width(before[-1]) + unicodedata.east_asian_width(line[0])
            lines[-1] = before + ("" if both in ("WW", "WF", "FW", "FF") else " ") + line
        else:
            lines.append(line)
    return "\n".join(lines)


def _fitted(line: str, indent: str, columns: int) -> str:
    own = indent + line[: len(line) - len(line.lstrip())]
    lines, now = [], own
    # words, with a command, or what stands in backticks, as one; Chinese may break anywhere but before punctuation
    for part in re.findall(_PARTS, line.strip()):
        if len(now.strip()) and columns_of(now.rstrip()) + columns_of(part) > columns and part.strip():
            lines.append(now.rstrip())
            now = own + "  " + part
        else:
            now += part
    return "\n".join([*lines, now.rstrip()])


def columns_of(text: str) -> int:
    """How wide a text is on a terminal: Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(text: str) -> str:
    """A text without control characters: what a learner's code printed must not paint over what the grader says."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "?" for c in text)


def coloured(text: str, state: str) -> str:
    """In green, yellow or red on a terminal that has colours and is allowed to use them (NO_COLOR, TERM=dumb)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    colour = {"right": 32, "not started": 33, "not checked": 33, "wrong only in its convention": 33}.get(state, 31)
    return f"\x1b[{colour}m{text}\x1b[0m"
