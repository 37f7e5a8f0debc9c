"""What shells and the C library say of a dead process or a full disk, in the languages that they speak.

The words are those of the translations of GNU bash and glibc (``strsignal``, ``strerror``).
"""

from __future__ import annotations

import re

_KILLED = (
    "Killed", "Getötet", "Abgeschossen", "Processus arrêté", "Tué", "Terminado (killed)", "Matado", "Asesinado",
    "Ucciso", "Terminato (killed)", "Morto", "Eliminado", "Unicestwiony", "Zabity", "Gedood", "Geëlimineerd",
    "Geëindigd", "Afgesloten",
    "Dödad", "Dræbt", "Drept", "Tapettu", "Zabit", "Zabitý", "Neodvolatelně ukončen (SIGKILL)", "Kilőve", "Omorât",
    "Ucis", "Ubijen", "Ubit", "Убито", "Убит", "Вбито", "Знищено", "Забіты", "Süreç durduruldu", "Öldürüldü", "Matat",
    "Terbunuh", "Bị giết", "Τερματίστηκε", "Σκοτώθηκε", "強制終了", "強制終了されました", "已杀死", "已终止(SIGKILL)",
    "已砍掉", "已殺死", "被杀死", "죽었음", "죽음", "강제 종료됨",
)  # fmt: skip
_TERMINATED = (
    "Terminated", "Beendet", "Complété", "Terminé", "Terminado", "Terminato", "Encerrado", "Zakończony",
    "Beëindigd", "Avslutad", "Завершено", "Завершён", "Ukončen (SIGTERM)", "Sonlandırıldı", "終了しました", "已终止",
    "已終止", "종료됨",
)  # fmt: skip
_CRASHED = (
    "Segmentation fault", "Bus error", "Aborted", "Illegal instruction", "Floating point exception",
    "Trace/breakpoint trap",
    "Speicherzugriffsfehler", "Busfehler", "Abgebrochen", "Ungültiger Maschinenbefehl",
    "Gleitkomma-Ausnahme", "Erreur de segmentation", "Erreur du bus", "Abandon", "Instruction non permise",
    "Exception en point flottant", "Violación de segmento", "Abortado", "Error de bus",
    "Instrucción ilegal", "Errore di segmentazione", "Annullato", "Falha de segmentação",
    "Naruszenie ochrony pamięci", "Segmentatiefout", "Segmenteringsfel", "Ошибка сегментирования", "Аварийный останов",
    "Neoprávněný přístup do paměti (SIGSEGV)", "Bölümleme hatası", "段错误", "段錯誤", "程式記憶體區段錯誤",
    "已放弃", "中止", "已中止", "总线错误", "非法指令", "浮点数例外",
    "セグメンテーションフォルト", "中止しました", "세그멘테이션 오류", "세그먼트 오류",
    "중단됨",
)  # fmt: skip
_NOT_FOUND = (
    "not found", "command not found", "No such file or directory", "Kommando nicht gefunden", "Befehl nicht gefunden",
    "Datei oder Verzeichnis nicht gefunden", "commande introuvable", "Aucun fichier ou dossier de ce type",
    "orden no encontrada", "comando no encontrado", "No existe el archivo o el directorio", "comando non trovato",
    "comando não encontrado", "nie znaleziono polecenia", "opdracht niet gevonden", "kommandot hittades inte",
    "команда не найдена", "команду не знайдено", "příkaz nenalezen", "komut bulunamadı", "未找到命令", "找不到命令",
    "找不到指令", "没有那个文件或目录", "コマンドが見つかりません", "そのようなファイルやディレクトリはありません",
    "명령어를 찾을 수 없음", "명령을 찾을 수 없음",
)  # fmt: skip
_NO_SPACE = (
    "No space left on device", "Disk quota exceeded", "Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
    "Der verfügbare Plattenplatz ist erschöpft", "Aucun espace disponible sur le périphérique", "Débordement du quota",
    "No queda espacio en el dispositivo", "Se ha excedido la cuota de disco", "Spazio esaurito sul device",
    "Spazio esaurito sul dispositivo", "Não há espaço disponível no dispositivo", "Brak miejsca na urządzeniu",
    "Brak wolnego miejsca na urządzeniu", "Geen ruimte meer over op apparaat", "Enheten är full",
    "На устройстве не осталось свободного места", "Не осталось места на устройстве",
    "На пристрої не залишилось вільного місця", "Na zařízení není volné místo", "Aygıt üzerinde boş yer kalmadı",
    "设备上没有空间", "超出磁盘限额", "设备空间不足", "裝置上已無多餘空間", "設備上沒有空間",
    "デバイスに空き領域がありません",
    "ディスク使用量制限を超過しました", "장치에 남은 공간이 없음",
)  # fmt: skip


def _any(words: tuple[str, ...]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


KILLED = _any(_KILLED)
"""Pattern: the name of SIGKILL."""
ENDED = _any((*_KILLED, *_TERMINATED))
"""Pattern: the name of SIGKILL or SIGTERM. The latter's is an everyday word in some languages."""
CRASHED = _any(_CRASHED)
"""Pattern: the name of a signal by which a program ends itself."""
NOT_FOUND = _any(_NOT_FOUND)
"""Pattern: there is no such command."""
NO_SPACE = _any(_NO_SPACE)
"""Pattern: the disk or the quota is full."""
