"""clang's tree made usable: every node with its place, every declaration by its id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pycparser.c_parser import Coord

from pipeline.program.cpp.types import ANONYMOUS, CppType, TypeReader
from pipeline.project.cpp_tree import Position, at_of, begin_of, end_of

Node = dict[str, Any]
FUNCTIONS = ("FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXConversionDecl", "CXXDestructorDecl")
_RECORDS = ("CXXRecordDecl", "ClassTemplateSpecializationDecl", "RecordDecl")
_PARAMETERS = ("TemplateTypeParmDecl", "NonTypeTemplateParmDecl", "TemplateTemplateParmDecl")


class SourceCoord(Coord):  # type: ignore[misc]
    """A place in a user's file; ``offset`` and ``end`` say where in the file's text the node begins and ends."""

    __slots__ = ("end", "offset")

    def __init__(self, file: str, line: int, column: int, offset: int, end: int) -> None:
        super().__init__(file, line, column)
        self.offset = offset
        self.end = end


@dataclass(slots=True)
class Record:
    """A class or struct with its members."""

    name: str
    node: Node
    fields: list[Node] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    union: bool = False


class Index:
    """What a translation unit declares.

    ``functions`` are declarations by id, ``bodies`` for each of them the one with a body; ``records`` classes by name;
    ``texts`` the user's files by name. What stands in a file of the folders ``library`` is left out.
    """

    def __init__(
        self, root: Node, texts: Mapping[str, str], names: Mapping[str, str], library: tuple[str, ...] = ()
    ) -> None:
        self._library = library
        self.texts = texts
        self.names = names
        self._encoded: dict[str, bytes] = {}
        self.functions: dict[str, Node] = {}
        self.canonical: dict[str, str] = {}
        self.definitions: dict[str, Node] = {}
        self.order: dict[str, int] = {}
        self.owner: dict[str, Record] = {}
        self.scope: dict[str, str] = {}
        self.arguments: dict[str, tuple[str, ...]] = {}
        self.records: dict[str, Record] = {}
        self.fields: dict[str, tuple[Record, Node]] = {}
        self.meanings: dict[str, dict[str, str]] = {}
        """What a template's parameters stand for, by the function's id or the class' name."""
        self._templates: dict[str, list[Node]] = {}
        """The texts whose names for a template's parameters ``meanings`` has, by the same."""
        self.enumerator_names: dict[str, str] = {}
        """Values by name, with the namespaces, class and enumeration."""
        self.variables: list[tuple[str, Node]] = []
        self.roots: list[Node] = []
        self.enumerators: dict[str, int] = {}
        self.aliases: dict[str, list[tuple[str, str]]] = {}
        self._local: list[tuple[str, tuple[str, str]]] = []
        self.enums: set[str] = set()
        self.unnamed: dict[str, str] = {}
        """The names given to classes without one, by clang's."""
        self.shortened: dict[str, list[tuple[bool, str]]] = {}
        """What a name without its last arguments may be, and whether these are known to be the defaults."""
        self.inside: list[str] = []
        self.types = TypeReader(self._alias, lambda name: name in self.enums)
        self._root = root
        for child in root.get("inner", ()):
            self._declare(child, "", None)
        self._tell_apart()

    # Places -------------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Takes clang's tree apart: it is large, and lies in circles that a collection of garbage alone would end."""
        members = (node for _, node in (*self.fields.values(), *self.variables))
        for node in [*self._root.get("inner", ()), *self.functions.values(), *members, self._root]:
            node.clear()

    def coord(self, node: Node) -> SourceCoord | None:
        """The place of a node in the user's file."""
        begin = begin_of(node)
        return None if begin is None else self.coord_at(begin, end_of(node))

    def name_coord(self, node: Node) -> SourceCoord | None:
        """The place of what a declaration names, to the declaration's end."""
        at = at_of(node)
        return None if at is None else self.coord_at(at, end_of(node))

    def coord_at(self, begin: Position, end: int) -> SourceCoord:
        """A place in the user's file that ends before an offset."""
        end = end or begin.offset
        name = self.names.get(begin.file, begin.file)
        text = self.texts.get(name)
        if text is None or text.isascii():
            return SourceCoord(name, begin.line, begin.column, begin.offset, max(end, begin.offset))
        data = self._bytes(name)
        row = data.rfind(b"\n", 0, begin.offset) + 1
        column = len(data[row : begin.offset].decode(errors="replace")) + 1
        offset = len(data[: begin.offset].decode(errors="replace"))
        return SourceCoord(name, begin.line, column, offset, len(data[:end].decode(errors="replace")))

    def text_of(self, node: Node) -> str:
        """The source text of a node, empty where it is not known."""
        begin = begin_of(node)
        name = self.names.get(begin.file, begin.file) if begin is not None else ""
        if begin is None or name not in self.texts:
            return ""
        return self._bytes(name)[begin.offset : end_of(node)].decode(errors="replace")

    def _bytes(self, name: str) -> bytes:
        if name not in self._encoded:
            self._encoded[name] = self.texts[name].encode()
        return self._encoded[name]

    def numbers_given(self, root: str, node: Node) -> dict[str, int]:
        """The numbers that names of template parameters stand for at a place in a function.

        Another declaration of the template may give other names, or the same to others: its names are left out.
        """
        owner = self.owner.get(root)
        found: dict[str, int] = {}
        for key in (owner.name if owner is not None else "", root):
            templates = self._templates.get(key, ())
            if len(templates) == 1 and self._holds(templates[0], node):
                given = self.meanings[key].items()
                found |= {name: int(value) for name, value in given if re.fullmatch(r"-?\d+", value)}
        return found

    def _holds(self, whole: Node, part: Node) -> bool:
        """Whether a node's text stands in another's."""
        outer, at = begin_of(whole), begin_of(part)
        if outer is None or at is None or outer.file != at.file:
            return False
        return outer.offset <= at.offset < end_of(whole)

    # Declarations -------------------------------------------------------------------------------------------------

    def _declare(self, node: Node, scope: str, owner: Record | None, *, template: bool = False) -> None:
        kind = node.get("kind", "")
        begin = begin_of(node) if owner is None and "range" in node else None
        if owner is None and begin is not None and begin.file.startswith(self._library):
            return
        if kind in FUNCTIONS:
            self._function(node, scope, owner, template=template)
        elif kind == "FunctionTemplateDecl":
            names = self._parameter_names(node)
            for position, child in enumerate(part for part in node.get("inner", ()) if part.get("kind") in FUNCTIONS):
                self._function(child, scope, owner, template=position == 0)
                root = self.canonical[child["id"]]
                self.meanings.setdefault(root, {}).update(self._given(names, child))
                self._templates.setdefault(root, []).append(node)
        elif kind == "ClassTemplateDecl":
            wanted = [part for part in node.get("inner", ()) if part.get("kind") in _PARAMETERS]
            defaults = [self._default(part) for part in wanted]
            for child in node.get("inner", ()):
                if child.get("kind") == "ClassTemplateSpecializationDecl":
                    given = [part for part in child.get("inner", ()) if part.get("kind") == "TemplateArgument"]
                    for parameter, argument in zip(wanted, given, strict=False):
                        if type_text(parameter) == "bool" and argument.get("value") == -1:
                            argument["value"] = 1  # one bit, which clang writes as a number with a sign
                    self._record(child, scope)
                    self._shortened(child, scope, defaults)
                    full = (
                        f"{scope}{child['name']}<{','.join(item for part in given for item in self._argument(part))}>"
                    )
                    self.meanings[full] = self._given(self._parameter_names(node), child)
                    self._templates[full] = [node]
        elif kind in _RECORDS:
            self._record(node, scope)
        elif kind in ("TypedefDecl", "TypeAliasDecl"):
            self._typedef(node, scope)
        elif kind == "EnumDecl":
            self._enum(node, scope)
        elif kind == "VarDecl":
            of = node.get("parentDeclContextId")
            held = next((one for one in self.records.values() if one.node["id"] == of), None) if of else None
            self.variables.append((plain_scope(scope) if held is None else f"{held.name}::", node))
        elif kind == "VarTemplateDecl":
            for child in node.get("inner", ())[1:]:
                if child.get("kind") == "VarTemplateSpecializationDecl":
                    given = [part for part in child.get("inner", ()) if part.get("kind") == "TemplateArgument"]
                    child["name"] += f"<{','.join(item for part in given for item in self._argument(part))}>"
                    self.variables.append((plain_scope(scope), child))
        elif kind == "NamespaceDecl":
            inner = f"{scope}{node.get('name', ANONYMOUS)}::"
            for child in node.get("inner", ()):
                self._declare(child, inner, owner)
        elif kind in ("LinkageSpecDecl", "ExportDecl"):
            for child in node.get("inner", ()):
                self._declare(child, scope, owner)

    def _tell_apart(self) -> None:
        """Writes out the names of classes that are those of classes outside their namespace, too.

        clang says types as they are written where nothing but a part of them is named: ``P &``, ``P *``, ``P (int)``.
        """
        plain = [full for full in self.records if "::" in full and "<" not in full]
        twice = [full for full in plain if full.rpartition("::")[2] in self.records]
        if not twice:
            return
        scopes = [(self.scope[name], node) for name, node in self.functions.items()]
        scopes += [(f"{name}::", part) for name, one in self.records.items() for part in one.fields]
        scopes += self.variables
        for scope, node in scopes:
            meant: dict[str, str] = {}
            for place in (scope[: at.end()] for at in re.finditer("::", scope)):
                meant |= {full.rpartition("::")[2]: full for full in twice if full.rpartition("::")[0] + "::" == place}
            named = re.compile(rf"(?<![\w:])(?:{'|'.join(meant)})\b(?!::)")
            for part in self.walk(node) if meant else ():
                kind = part.get("type", {})
                if "qualType" in kind and "desugaredQualType" not in kind:
                    kind["qualType"] = named.sub(partial(_named_in, meant), kind["qualType"])

    def declare_local(self, node: Node) -> bool:
        """Makes a class or enumeration known that a function declares; False where its name has another one already."""
        if node.get("kind") == "EnumDecl":
            self._enum(node, "")
        elif node.get("kind") in _RECORDS:
            known = self.records.get(str(node.get("name")))
            if known is not None and known.node["id"] != node["id"]:
                return False
            if known is None:
                self._record(node, "")
        elif node.get("kind") in ("TypedefDecl", "TypeAliasDecl"):
            if _declared_record(node) is not None:
                self._typedef(node, "")
            else:
                self._local.append((node["name"], ("", type_text(node))))
                self.aliases.setdefault(node["name"], []).append(self._local[-1][1])
        self.types.forget()
        return True

    def leave(self) -> None:
        """Forgets the names of types that the last function declared for itself."""
        for name, meant in self._local:
            self.aliases[name].remove(meant)
        self._local.clear()
        self.types.forget()

    def _function(self, node: Node, scope: str, owner: Record | None, *, template: bool) -> None:
        name = node["id"]
        self.order[name] = len(self.order)
        self.functions[name] = node
        if owner is None and "parentDeclContextId" in node:
            owner = next((r for r in self.records.values() if r.node["id"] == node["parentDeclContextId"]), None)
        if owner is not None:
            self.owner[name] = owner
            scope = f"{owner.name}::"
        else:
            scope = plain_scope(scope)
        self.scope[name] = scope
        before = node.get("previousDecl")
        known = before in self.canonical
        root = self.canonical[before] if before and known else name
        self.canonical[name] = root
        if before and not known:
            self.canonical[before] = root
        if before and known:
            self.scope[name] = self.scope.get(root, scope)
            if root in self.owner:
                self.owner[name] = self.owner[root]
        arguments = [self._argument(part) for part in node.get("inner", ()) if part.get("kind") == "TemplateArgument"]
        if arguments:
            self.arguments[root] = tuple(item for argument in arguments for item in argument)
        has_body = any(part.get("kind") == "CompoundStmt" for part in node.get("inner", ()))
        if has_body and not template:
            self.definitions[root] = node
            if node["kind"] == "FunctionDecl" and not arguments:
                self.roots.append(node)

    @staticmethod
    def _parameter_names(node: Node) -> list[str]:
        return [str(part.get("name", "")) for part in node.get("inner", ()) if part.get("kind") in _PARAMETERS]

    def _given(self, names: list[str], node: Node) -> dict[str, str]:
        """What an instance has for its template's parameters, by their names; packs are left out."""
        given = [self._argument(part) for part in node.get("inner", ()) if part.get("kind") == "TemplateArgument"]
        return {name: items[0] for name, items in zip(names, given, strict=False) if name and len(items) == 1}

    def _argument(self, node: Node) -> list[str]:
        if "value" in node:
            return [str(node["value"])]
        if "type" in node:
            return [self.types.argument(type_text(node))]
        found = []
        for child in node.get("inner", ()):
            if child.get("kind") == "TemplateArgument":
                found += self._argument(child)
        if not found and "decl" in node:
            found = [str(node["decl"].get("name", "?"))]
        return found

    def _record(self, node: Node, scope: str) -> None:
        if not node.get("completeDefinition") or node.get("isImplicit"):
            return
        name = node.get("name")
        if name is None:
            begin = begin_of(node)
            place = f"{begin.file}:{begin.line}:{begin.column}" if begin else "?"
            what, name = f"(unnamed {node.get('tagUsed', 'struct')} at {place})", f"unnamed_{len(self.unnamed)}"
            self.unnamed[what] = self.unnamed[f"{scope}{what}"] = f"{scope}{name}"
        arguments = [part for part in node.get("inner", ()) if part.get("kind") == "TemplateArgument"]
        full = f"{scope}{name}"
        if arguments:
            full += f"<{','.join(item for part in arguments for item in self._argument(part))}>"
        record = Record(full, node, union=node.get("tagUsed") == "union")
        self.records[full] = record
        for base in node.get("bases", ()):
            record.bases.append(type_text(base))
        for child in node.get("inner", ()):
            kind = child.get("kind")
            if kind == "FieldDecl":
                record.fields.append(child)
                self.fields[child["id"]] = (record, child)
            elif kind == "IndirectFieldDecl":
                self.fields[child["id"]] = (record, child)
            elif kind == "FriendDecl":
                for inner in child.get("inner", ()):
                    self._declare(inner, scope, None)
            else:
                self._declare(child, f"{full}::", record)

    def _default(self, node: Node) -> str | None:
        """What a template's parameter is where nothing is given: a text, empty where it depends, None for nothing."""
        if "defaultArg" not in node:
            return None
        for part in node.get("inner", ()):
            if part.get("kind") == "TemplateArgument":
                value = self._number(part)
                return str(value) if value is not None else (self._argument(part) or [""])[0]
        return ""

    def _number(self, node: Node) -> int | None:
        """The number that an expression is: a literal, or the name of one."""
        if node.get("kind") == "CXXBoolLiteralExpr":
            return int(bool(node["value"]))
        if node.get("kind") == "DeclRefExpr":
            name = node["referencedDecl"]["id"]
            declared = next((found for _, found in self.variables if found["id"] == name), None)
            return self.enumerators.get(name) if declared is None else self._number(declared)
        value = _constant({key: item for key, item in node.items() if key != "inner"})
        below = [part for part in node.get("inner", ()) if part]
        return value if value is not None or len(below) != 1 else self._number(below[0])

    def _shortened(self, node: Node, scope: str, defaults: list[str | None]) -> None:
        """The names of an instance without arguments at its end that are the defaults: so clang writes them."""
        given = [part for part in node.get("inner", ()) if part.get("kind") == "TemplateArgument"]
        items = [",".join(self._argument(part)) for part in given]
        stem = f"{scope}{node['name']}"
        full = f"{stem}<{','.join(items)}>"
        if len(items) != len(defaults) or full not in self.records:
            return
        sure = True
        while items and (default := defaults[len(items) - 1]) is not None:
            sure = sure and default == items[-1]
            items.pop()
            self.shortened.setdefault(f"{stem}<{','.join(items)}>", []).append((sure, full))

    def _typedef(self, node: Node, scope: str) -> None:
        text = type_text(node)
        unnamed = _declared_record(node)
        if unnamed is not None:
            for name, record in list(self.records.items()):
                if record.node["id"] == unnamed and (record.node.get("name") is None):
                    record.name = f"{scope}{node['name']}"
                    self.records[record.name] = record
                    if name != record.name:
                        self.aliases.setdefault(name, []).append(("", record.name))
                    return
            if unnamed in self._unnamed_enums:
                self.enums.add(f"{scope}{node['name']}")
                return
        self.aliases.setdefault(node["name"], []).append((scope, text))

    @property
    def _unnamed_enums(self) -> set[str]:
        return {name for name in self.enums if name.startswith("0x")}

    def _enum(self, node: Node, scope: str) -> None:
        self.enums.add(node["id"])
        if "name" in node:
            self.enums.add(f"{scope}{node['name']}")
        following = 0
        for child in node.get("inner", ()):
            if child.get("kind") != "EnumConstantDecl":
                continue
            value = next((v for part in child.get("inner", ()) if (v := _constant(part)) is not None), None)
            if value is not None:
                following = value
            self.enumerators[child["id"]] = following
            inside = plain_scope(scope)
            for name in (f"{inside}{child['name']}", f"{inside}{node.get('name', '')}::{child['name']}"):
                self.enumerator_names[name] = str(following)
            following += 1

    def _alias(self, name: str) -> str | None:
        """What a typedef's name stands for where it is used."""
        if name in self.unnamed:
            return self.unnamed[name]
        if name in self.shortened and name not in self.records:
            candidates = self.shortened[name]
            return next((full for sure, full in candidates if sure), candidates[0][1] if len(candidates) == 1 else None)
        if name in self.records:
            return None
        short = name.rpartition("::")[2] if not name.endswith(">") else name
        found = self.aliases.get(short) or self.aliases.get(name)
        if not found:
            return self._in_a_namespace(name)
        before = name[: len(name) - len(short)]
        if len(found) > 1:
            wanted = [before, *reversed(self.inside), ""]
            for place in wanted:
                fitting = [text for scope, text in found if scope == place]
                if fitting:
                    return fitting[-1]
        return found[-1][1]

    def _in_a_namespace(self, name: str) -> str | None:
        """The whole name of a class or enumeration that is named without its namespace: inside it, or by ``using``."""
        fitting = [full for full in (*self.records, *self.enums, *self.shortened) if full.endswith(f"::{name}")]
        nearest = next((f"{scope}{name}" for scope in reversed(self.inside) if f"{scope}{name}" in fitting), None)
        return nearest or (fitting[0] if len(fitting) == 1 else None)

    def type_of(self, node: Node) -> CppType:
        """The type of an expression or declaration; raises Unreadable."""
        return self.types.read(type_text(node))

    def walk(self, node: Node) -> Iterator[Node]:
        """A node and all below it."""
        stack = [node]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(child for child in reversed(part.get("inner", ())) if child)


def plain_scope(scope: str) -> str:
    """A scope or name without the namespaces that have no name: so functions and variables are called."""
    return scope.replace(f"{ANONYMOUS}::", "")


def _named_in(meant: Mapping[str, str], word: re.Match[str]) -> str:
    return meant[word[0]]


def type_text(node: Node) -> str:
    """A node's type as clang writes it, without sugar outside."""
    kind = node.get("type") or {}
    return str(kind.get("desugaredQualType") or kind.get("qualType") or "")


def _declared_record(node: Node) -> str | None:
    stack = list(node.get("inner", ()))
    while stack:
        part = stack.pop()
        if "decl" in part and part.get("kind") in ("RecordType", "EnumType"):
            return str(part["decl"].get("id")) if not part["decl"].get("name") else None
        if part.get("kind") in ("ElaboratedType", "RecordType", "EnumType"):
            stack.extend(part.get("inner", ()))
            if "ownedTagDecl" in part and not part["ownedTagDecl"].get("name"):
                return str(part["ownedTagDecl"]["id"])
    return None


def _constant(node: Node) -> int | None:
    if "value" in node and re.fullmatch(r"-?\d+", str(node["value"])):
        return int(node["value"])
    return next((v for child in node.get("inner", ()) if (v := _constant(child)) is not None), None)
