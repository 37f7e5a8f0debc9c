"""What errors mean: by their ids first, by their wording where an id is not known or says little.

Either an error is a fact of the design, or it belongs to the surroundings (licence, disk, memory, installation, the
script), and then it says nothing of the design. Wordings are those of public bug reports and of UG1399, UG1448,
UG1702 and UG973, of GNU bash, make, glibc and gcc, of clang and LLVM, of Tcl, of FlexNet and of batch systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.vitis.languages import CRASHED, ENDED, KILLED, NO_SPACE, NOT_FOUND
from pipeline.synthesis.vitis.messages import MAX_SEARCHED, Message, message
from pipeline.synthesis.vitis.split import Step


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error says about a run. Of several, the lowest rank decides, then the first.

    ``status`` None: the step in which it stands has failed, see :func:`status_in`.
    """

    status: DesignStatus | None
    rank: int


SPECIFIC, UNKNOWN, LIKELY, GENERIC, WRAPPER = range(5)
"""Says what is wrong; is an error that nothing here knows; hints at it; says that a step failed; repeats that."""

OF_THE_DESIGN = frozenset(
    {
        DesignStatus.COMPILE_ERROR,
        DesignStatus.TOP_NOT_FOUND,
        DesignStatus.PRAGMA_CONFLICT,
        DesignStatus.UNROLL_REFUSED,
        DesignStatus.DESIGN_TOO_LARGE,
        DesignStatus.SOURCE_SYNTHESIS_FAILED,
    }
)


def status_in(step: Step, meaning: Meaning) -> DesignStatus:
    """The status of a run whose deciding error stands in a step."""
    status = meaning.status
    if status is not None and status not in OF_THE_DESIGN:
        return status
    if step is Step.COSIM:
        return DesignStatus.COSIMULATION_FAILED
    if step is Step.IMPLEMENTATION:
        return DesignStatus.DESIGN_TOO_LARGE if status is DesignStatus.DESIGN_TOO_LARGE else DesignStatus.EXPORT_FAILED
    if step is Step.CSIM:
        # C simulation says whether the test bench passes, nothing on C synthesis.
        return DesignStatus.NO_VERDICT
    if status is not None:
        return status
    if step is Step.SETUP or meaning.rank >= WRAPPER:
        return DesignStatus.NO_VERDICT
    return DesignStatus.SOURCE_SYNTHESIS_FAILED


_Rules = tuple[tuple[re.Pattern[str], Meaning], ...]


def _rules(rows: Iterable[tuple[str, DesignStatus | None, int]], flags: re.RegexFlag = re.NOFLAG) -> _Rules:
    return tuple((re.compile(pattern, flags), Meaning(status, rank)) for pattern, status, rank in rows)


_ERROR_IDS = _rules(
    (
        (r"HLS 214-157|SYN 201-102", DesignStatus.TOP_NOT_FOUND, SPECIFIC),
        (r"HLS 200-1023", DesignStatus.PART_NOT_INSTALLED, SPECIFIC),
        (r"HLS 214-274", DesignStatus.PRAGMA_CONFLICT, SPECIFIC),
        (r"XFORM 203-504", DesignStatus.UNROLL_REFUSED, SPECIFIC),
        (r"Common 17-34[589]", DesignStatus.LICENCE, SPECIFIC),
        (r"HLS 200-1995|DRC UTLZ-\d+|Place 30-640", DesignStatus.DESIGN_TOO_LARGE, SPECIFIC),
        (r"HLS 207-\d+", DesignStatus.COMPILE_ERROR, SPECIFIC),
        (r"HLS 200-(1715|70|478|471)", DesignStatus.SOURCE_SYNTHESIS_FAILED, GENERIC),
        (r"COSIM 212-[45]|IMPL 213-28|SIM 211-100|Place 30-(99|68)|XSIM 43-332[12]", None, GENERIC),
        (r"COSIM 212-3(03|17|20|21|44|60)|Common 17-70", None, LIKELY),
        (r"(v\+\+|XOCC|xocc|VPL|vpl|vitis-run) 60-\d+|SdsCompiler 83-\d+|MERCC .*|HLS 200-1912", None, WRAPPER),
        (r"Common 17-39|Vivado 12-(13638|8222|8300|4473)|Runs 36-\d+", None, WRAPPER),
    )
)
_OF_SYNTHESIS = re.compile(r"(SYNCHK|XFORM|SCHED|BIND|RTGEN|RTMG|ANALYSIS|HLS) (20[03-6]|210|214)-\d+")
"""Who speaks only while it synthesises. Of ``HLS 200-`` that is not so."""

# What a system call or an allocation says: true whatever the message around it is.
_SYSTEM = _rules(
    (
        (NO_SPACE, DesignStatus.DISK_FULL, SPECIFIC),
        (
            r"\bdisk (is |may be |appears? to be )?full\b|\bENOSPC\b|\bEDQUOT\b"
            r"|(not enough|insufficient) (free )?(disk space|space on the disk)"
            r"|quota exceeded|input/output error|remote I/O error"
            r"|read-only file ?system|stale (NFS )?file handle"
            r"|transport endpoint is not connected|\bIO failure on output stream|structure needs cleaning"
            r"|basic_ios::clear|\biostream error|__ios_failure",
            DesignStatus.DISK_FULL,
            SPECIFIC,
        ),
        (
            r"\bout of (virtual )?memory\b|bad_alloc|cannot allocate memory|not enough (free )?memory|memory exhausted"
            r"|insufficient memory|\bmalloc failed|(failed|unable) to allocate (memory|\d+ bytes)|OutOfMemoryError"
            r"|java heap space|\brealloc(\(\))? failed",
            DesignStatus.KILLED,
            SPECIFIC,
        ),
        (
            r"child killed: (kill signal|SIGKILL|software termination|SIGTERM)|(killed|terminated) by signal (9|15)\b"
            r"|signal: killed|exit(ed)?( with)? (code|status)[ :]*(137|143)\b|SIGKILL",
            DesignStatus.KILLED,
            SPECIFIC,
        ),
    ),
    re.IGNORECASE,
)

_ERROR_WORDS = _rules(
    (
        (
            r"(?<![\w/.'\"-])licen[cs](e|es|ing)(?![\w/.'\"-])|\bFLEX(net|lm)\b|(failed|unable|cannot) to check ?out"
            r"|no such feature exists|licensed number of users|bitstream generation is not permitted",
            DesignStatus.LICENCE,
            SPECIFIC,
        ),
        (
            r"(failed|unable|error|cannot|can't|could not|couldn't)( to)? (write|writing|flush|save|saving)\b"
            r"|(cannot|can't|could not|couldn't|unable to|failed to) open .{0,300}\bfor (writing|output|append)"
            r"|write(Message)? failed|(write|writing|saving)\b.{0,80}\bfailed|exception in database saving"
            r"|(unable to|cannot|can't|could not|couldn't|failed to) (create|make) (the )?"
            r"(directory|folder|temporary file)",
            DesignStatus.DISK_FULL,
            SPECIFIC,
        ),
        (
            r"permission denied|operation not permitted|access is denied|(being )?used by another (program|process)"
            r"|text file busy|(device or )?resource busy|too many open files|resource temporarily unavailable"
            r"|cannot (fork|remove|delete|lock|rename)\b|(unable to|could not|failed to) (remove|delete|lock|rename)\b"
            r"|connection (refused|reset|timed out|closed)|network is unreachable|failure in name resolution"
            r"|no route to host|broken pipe",
            DesignStatus.NO_VERDICT,
            SPECIFIC,
        ),
        (
            r"top[ -](level )?function\b.*\b(not found|not defined|does not exist|cannot be found|is undefined)"
            r"|(cannot|can't|could not|failed to|unable to) find (the )?top\b|no function named"
            r"|top (function|module) (is )?not (set|specified)",
            DesignStatus.TOP_NOT_FOUND,
            SPECIFIC,
        ),
        (
            r"\b(part|device|platform|board|xpfm)\b.*\b(is not installed|isn't installed|not available|isn't available"
            r"|not found|unknown|invalid|does not exist|doesn't exist|could not be found|not supported)"
            r"|(cannot|can't|could not|unable to|failed to) (find|load|open|locate) (the )?(target )?"
            r"(part|device|platform|board)\b"
            r"|(invalid|unknown|unsupported) (part|device|platform|board)\b"
            r"|no (valid |such )?(part|device|platform)s?\b.{0,40}\b(match|found)",
            DesignStatus.PART_NOT_INSTALLED,
            SPECIFIC,
        ),
        (
            r"(command|executable|program)( \S+)* not found"
            r"|couldn't (execute|load file|load library)|error while loading shared libraries|cannot open shared object"
            r"|(cannot|can't|could not|couldn't|unable to|failed to) (find|locate|launch|start|invoke) (the )?"
            r"(tool|executable|simulator|vivado|vitis|xsim|xelab|gcc|g\+\+|clang|compiler|make|java)\b"
            r"|(cannot|can't|could not|unable to) (find|locate) .{0,60}\b(modelsim|questa\w*|vcs|ncsim|xcelium|riviera"
            r"|simulator)\b|accessible through the path|not found in (the |your )?\$?path\b"
            r"|environment variable .{0,60}(not (set|defined)|undefined)|not recognized as an internal or external"
            r"|\bGLIBC(XX)?_[\d.]+' not found|cannot find crt[1in]\.o",
            DesignStatus.TOOL_MISSING,
            SPECIFIC,
        ),
        (
            r"unknown option|is not a valid pragma|(invalid|unknown|unexpected|illegal) (HLS )?pragma\b"
            r"|pragma.*\b(is invalid|is unknown|is missing|unknown option|invalid option)",
            DesignStatus.COMPILE_ERROR,
            SPECIFIC,
        ),
        (
            r"(pragma|directive)s?\b.*\bconflict|conflict\w*\b.*\b(pragma|directive)",
            DesignStatus.PRAGMA_CONFLICT,
            SPECIFIC,
        ),
        (
            r"stop unrolling|(cannot|can't|unable to|refus\w+ to|failed to) (completely )?unroll",
            DesignStatus.UNROLL_REFUSED,
            SPECIFIC,
        ),
        (
            r"(design|code|function|loop|array)( \S+)* (is )?too (large|big|complex)|design size|too many instructions"
            r"|exceed\w* .*\b(maximum|limit|number) .*\b(instruction|operation|design)"
            r"|over-?utili[sz](ed|ation)|requires more .*\b(than are available|available)"
            r"|(not enough|insufficient) .{0,40}\b(sites|resources|cells|BRAMs?|DSPs?|LUTs?)\b"
            r"|exceeds? the (number of )?(available|resources|capacity)",
            DesignStatus.DESIGN_TOO_LARGE,
            SPECIFIC,
        ),
        (r"\btime(d)? ?out\b|time limit", DesignStatus.TIMEOUT, LIKELY),
        (
            r"compil\w+ error|error\w* .*(compiling|during compilation)|syntax error|undeclared|file not found"
            r"|compilation of the preprocessed source|cannot find any design unit|error in linking|preprocessor failed"
            r"|(cannot|can't|could not) (find|open|read) (the )?(design|source|include|header) file"
            r"|source file does not exist|undefined reference",
            DesignStatus.COMPILE_ERROR,
            LIKELY,
        ),
        (
            r"^pre-?synthesis failed|^error in opt|problem during source synthesis|synthesizability check failed"
            r"|^(RTL |architecture |C )?synthesis failed",
            DesignStatus.SOURCE_SYNTHESIS_FAILED,
            GENERIC,
        ),
        (r"failed due to earlier errors|see (the )?(log|\S+\.log)( file)? for|returned (an )?error", None, WRAPPER),
    ),
    re.IGNORECASE,
)
_OF_A_COMMAND = re.compile(
    r"^'?[\w:. -]+'?: (unknown|invalid|unsupported|missing) (option|argument|command|value)"
    r"|^(the )?'[\w. -]+' command is not supported|^invalid command name|^unknown command|command .* is not supported",
    re.IGNORECASE,
)
"""The script asks for what this version does not have."""

_TOOLS = r"(?:vitis_hls|vitis-run|v\+\+|vivado_hls|vivado|vitis|xocc|xsim|xelab|xvlog|xvhdl|vsim|vcs)(?:\.bat|\.exe)?"
_ERRNO = r"(?:^|[:\-(\]] ?|\berror \d+: ?)"
_SOURCE = r"\.(?:c|cc|cpp|cxx|c\+\+|cu|cl|h|hh|hpp|hxx|inc|tcc)"

_PLAIN_LINES: _Rules = (
    *_rules(
        (
            # bash: FILE: line N: PID NAME-OF-SIGNAL COMMAND, in any language.
            (rf"[:\uff1a]\s*\d{{1,10}}\s+{ENDED}(?!\w)[^\n]*\$(@|\{{|RDI_|\w)", DesignStatus.KILLED, SPECIFIC),
            (rf"[:\uff1a]\s*\d{{1,10}}\s+{CRASHED}(?!\w)[^\n]*\$(@|\{{|RDI_|\w)", None, LIKELY),
            (r"[:\uff1a]\s*\d{1,10}\s+\S(?:.{0,60}?\S)?\s{2,}\"\$RDI_PROG\"", DesignStatus.NO_VERDICT, SPECIFIC),
            (rf"\d{{1,9}}\S{{0,3}}\s*\S{{0,8}}[:\uff1a]\s*\d{{1,10}}\s+{KILLED}(?!\w)", DesignStatus.KILLED, SPECIFIC),
            (rf"^(\[\d+\][+-]?\s+)?(\d+\s+)?{KILLED}(: 9)?\s*$|^Terminated\s*$", DesignStatus.KILLED, SPECIFIC),
            (rf"^\[\d+\][+-]?\s+(\d+\s+)?{KILLED}(?!\w)", DesignStatus.KILLED, SPECIFIC),
            (
                r"^g?make(\[\d+\])?: \*\*\* "
                rf".*(\b(Error|Fehler|Erreur|错误|エラー) (137|143)|[\s\]]{KILLED}|\bTerminated)\s*$",
                DesignStatus.KILLED,
                SPECIFIC,
            ),
            (
                r"^(Command|Process|Child|Job)\b.{0,60}\b(terminated|killed) (by|with) (signal )?"
                r"(9|15|SIGKILL|SIGTERM)\b|died with <Signals\.SIG(KILL|TERM)|\bsignal: killed\b"
                r"|\b[Ee]xit(ed)? (with )?(exit )?(code|status)[ :]+(137|143)\b|returncode[ =:]+(-9|-15|137|143)\b",
                DesignStatus.KILLED,
                SPECIFIC,
            ),
            (
                r"^slurmstepd:.*\b(oom|OUT_OF_MEMORY|CANCELLED|Exceeded)|\boom[-_]?kill|\bOOMKilled\b"
                r"|\bOut of memory: Kill(ed)? process|\bTERM_(MEMLIMIT|RUNLIMIT|OWNER|ADMIN|SWAP)\b"
                r"|^=>> PBS: job killed"
                r"|^srun: error: .*(Killed|Out Of Memory)|exceeded (job |step |virtual )?memory limit"
                r"|The runner has received a shutdown signal|^The operation was cancell?ed|^Job exceeded",
                DesignStatus.KILLED,
                SPECIFIC,
            ),
            (
                rf"{_ERRNO}({NO_SPACE}|Input/output error|Remote I/O error|Read-only file system"
                r"|Stale (NFS )?file handle|Transport endpoint is not connected)"
                r"|^There is not enough space on the disk",
                DesignStatus.DISK_FULL,
                SPECIFIC,
            ),
            (
                r"^LLVM ERROR: (IO failure|.{0,200}(write|writing|output stream))|^fatal error: error writing to"
                r"|what\(\):\s+basic_ios|HDDMProto::writeMessage failed",
                DesignStatus.DISK_FULL,
                SPECIFIC,
            ),
            (
                r"terminate called after throwing .*bad_alloc|what\(\):\s+std::bad_alloc|^LLVM ERROR: out of memory"
                rf"|^#? ?There is insufficient memory for the Java|{_ERRNO}(Cannot allocate memory|Out of memory)\b"
                r"|virtual memory exhausted|^Out of memory\b|\bjava\.lang\.OutOfMemoryError\b",
                DesignStatus.KILLED,
                SPECIFIC,
            ),
            (
                r"\b(?i:flexnet|flexlm) (Licensing |Publisher )?(error|Error)|\b[Ff]ailed to check ?out\b|"
                r"\b[Ll]icen[cs]e (checkout|check-out|check out|server)\b.{0,80}\b(fail|error|refused|down|cannot|not)"
                r"|^(No such feature exists|Cannot connect to license server|Licensed number of users already reached"
                r"|Invalid host\.|Feature has expired|License server (system )?does not support)"
                r"|\b[Nn]o (valid )?licen[cs]e\b.{0,40}\b(found|available)|\bvalid license was not found",
                DesignStatus.LICENCE,
                SPECIFIC,
            ),
            (
                rf"(?:^|[\s/:\uff1a'\"`\u2018\u2019\u201c])({_TOOLS})[\u2019'\"\u201d]?[:\uff1a]?"
                rf"(?: |\s*[:\uff1a] ?)(?i:{NOT_FOUND})\.?\s*$"
                rf"|(?i:{NOT_FOUND}|unknown command)\s*[:\uff1a] ?({_TOOLS})\s*$"
                rf"|'?{_TOOLS}'? is not recognized as (an internal|the name)"
                rf"|[Cc]ould ?n[o']t (find|execute) (the )?[\"']?({_TOOLS})\b"
                r"|VITIS_HLS-NOTFOUND"
                r"|\[Errno 2\] No such file or directory: '[^']*(vitis_hls|vitis-run|v\+\+|vivado_hls)'",
                DesignStatus.TOOL_MISSING,
                SPECIFIC,
            ),
            (
                r"error while loading shared libraries|cannot open shared object file|cannot find crt[1in]\.o"
                r"|version `GLIBC(XX)?_[\d.]+' not found",
                DesignStatus.TOOL_MISSING,
                SPECIFIC,
            ),
            (
                r"locale::facet::_S_create_c_locale|^Bus error|^Illegal instruction|Abnormal program termination \(7\)",
                DesignStatus.NO_VERDICT,
                SPECIFIC,
            ),
            (
                rf"{_ERRNO}(Permission denied|Too many open files|Device or resource busy|Text file busy|"
                r"Resource temporarily unavailable|Operation not permitted)\s*$",
                DesignStatus.NO_VERDICT,
                LIKELY,
            ),
            (r"Abnormal program termination \((9|15)\)", DesignStatus.KILLED, SPECIFIC),
            (r"\bDEADLOCK DETECTED\b|^(Failure|Fatal): ", None, SPECIFIC),
            (r"\bAssertion\b.{0,300}\bfailed\b|^UNREACHABLE executed|^LLVM ERROR: |^Fatal error:", None, UNKNOWN),
            (
                rf"(^|[:\uff1a]\s*|\d\s+){CRASHED}(?!\w)|\bAbnormal program termination\b|^Stack dump:"
                r"|^PLEASE submit a bug"
                r"|An unexpected error has occurred \(\w+\)|EXCEPTION_ACCESS_VIOLATION|^terminate called",
                None,
                LIKELY,
            ),
            (
                # Tools in front of the HLS tool print such lines and go on.
                rf"(?i:{_SOURCE}):\d+(:\d+)?: (fatal )?(error|erreur|Fehler|错误|エラー)[ \uff1a]?[: ]",
                DesignStatus.COMPILE_ERROR,
                WRAPPER,
            ),
            (
                r"undefined reference to|^collect2: |\bld(\.\w+)?: cannot find -l"
                r"|^(clang|gcc|g\+\+|cc1|cc1plus)(-[\d.]+)?:"
                r" (fatal )?error:|^g?make(\[\d+\])?: \*\*\* No rule to make",
                DesignStatus.COMPILE_ERROR,
                WRAPPER,
            ),
            (
                r"^(C preprocessor failed|Error in linking the design|Compilation of the preprocessed source .*failed)",
                DesignStatus.COMPILE_ERROR,
                LIKELY,
            ),
            (
                r"^(Pre-synthesis failed|Error in opt|Synthesis failed|C synthesis failed)\b",
                DesignStatus.SOURCE_SYNTHESIS_FAILED,
                GENERIC,
            ),
            (r"^synth_design failed|^place_design failed|^route_design failed", None, GENERIC),
        )
    ),
)
_MAY_BE_PLAIN = re.compile(
    r"\d\s+\S.*\$|:\s*\d+\s+\S|^\S{1,40}(: 9|\s\((?:killed|SIGKILL)\))?\s*$|^\[\d|make|(?i:err|fail|fault|kill|term"
    r"|abnormal|memory|limit|cancel|find|oom|licen|feature|host|found|nicht|space|locale|illegal|denied|busy|open|deadlock|fatal"
    r"|assert|unreach|stack|please|unexpected|exception|undefined|collect2|quota|stale|i/o|input/output|read-only|denied"
    r"|exhausted|endpoint|unavailable|basic_ios|alloc|signal|exit|returncode|notfound|recognized)|[^\x00-\x7f]"
)
"""Every line for which :func:`plain_meaning` has a meaning matches this; most lines do not."""
_ECHOED = re.compile(
    # Scripts that are echoed, and lines of source that a compiler shows.
    r"^\s*(#|\+{1,4} |\"|//|\*|\|\||&&|@?echo\b|puts\b|if\b|elif\b|else\b|exec\s|catch\b|printf\b|error \"|return\b)"
    r"|\bprintf\s*\(|\b(cout|cerr)\b|<<\s*\"|\b(echo|puts)\s+(-\w+\s+)*[\"'{$]|^\s*\d+ \||;\s*$|[{}]\s*$"
)
_NESTED = re.compile(r"\b(?:ERROR|FATAL)(?::|(?=\s+\[))\s*\[")


def meaning(found: Message) -> Meaning:
    """What an error says, by its id, else by its wording."""
    told = _first(_SYSTEM, found.text)
    if told is not None:
        return told
    known: Meaning | None = None
    if found.id is not None:
        known = next((known for pattern, known in _ERROR_IDS if pattern.fullmatch(found.id)), None)
    if known is not None and known.rank < LIKELY:
        return known
    if _OF_A_COMMAND.search(found.text) and "pragma" not in found.text.lower():
        return Meaning(None, UNKNOWN)
    told = _first(_ERROR_WORDS, found.text)
    if known is None:
        if _is_of_synthesis(found) and (told is None or told.status not in OF_THE_DESIGN):
            return Meaning(DesignStatus.SOURCE_SYNTHESIS_FAILED, UNKNOWN)
        return told or Meaning(None, UNKNOWN)
    # A wrapper quotes the error that it wraps; a generic id may come with a telling text.
    if told is not None and told.rank < known.rank:
        return told
    if found.id == "HLS 200-70" and not _says_nothing(found.text):
        # The id of everything that has none of its own.
        return replace(known, rank=UNKNOWN)
    return known


def nested(found: Message) -> Message | None:
    """The message that another one quotes, as those of ``v++`` do; else None."""
    inner = _NESTED.search(found.text, 0, MAX_SEARCHED)
    return None if inner is None else message(found.text[inner.start() :])


def plain_meaning(line: str) -> Meaning | None:
    """What a line that is no message says: the words of the shell, of the loader, of a compiler."""
    if not _MAY_BE_PLAIN.search(line, 0, MAX_SEARCHED) or _ECHOED.search(line, 0, MAX_SEARCHED):
        return None
    found = _first(_PLAIN_LINES, line)
    if found is None and line[:7].lower() == "error: ":
        told = meaning(Message("ERROR", None, line[7:].strip(), line))
        return None if told.rank == UNKNOWN else replace(told, rank=max(told.rank, LIKELY))
    return found


def warned(found: Message) -> Meaning | None:
    """What a warning says, if nothing good follows: the cause of what an error states without naming it."""
    if found.id == "Common 17-348":
        return Meaning(DesignStatus.LICENCE, SPECIFIC)
    if found.id == "HLS 200-40" and "test bench" not in found.text:
        known = _first(_PLAIN_LINES, found.text) or _first(_ERROR_WORDS, found.text)
        if known is not None and known.status is DesignStatus.COMPILE_ERROR:
            return Meaning(DesignStatus.COMPILE_ERROR, WRAPPER)
    return None


def tcl_error(line: str) -> Meaning:
    """What the sentence above a trace of Tcl (``while executing``) says."""
    known = plain_meaning(line)
    if known is not None:
        return known
    if re.fullmatch(r"\s*(-?\d+|command '\S+' returned error code|child process exited abnormally|)\s*", line):
        return Meaning(None, WRAPPER)
    told = _first(_SYSTEM, line) or _first(_ERROR_WORDS, line)
    if told is not None and told.status is not DesignStatus.COMPILE_ERROR:
        return told
    return Meaning(None, LIKELY)


def _is_of_synthesis(found: Message) -> bool:
    return found.id is not None and not found.id.startswith("HLS 200-") and bool(_OF_SYNTHESIS.fullmatch(found.id))


def _says_nothing(text: str) -> bool:
    told = _first(_ERROR_WORDS, text)
    return not text or (told is not None and told.rank >= GENERIC) or bool(re.fullmatch(r"[\w -]+ failed\.?", text))


def _first(rules: _Rules, text: str) -> Meaning | None:
    text = text[:MAX_SEARCHED]
    return next((known for pattern, known in rules if pattern.search(text)), None)
