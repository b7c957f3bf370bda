"""Questions that need an answer before anything else: functions, so that tests can answer them."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from ...text import _

PICTURES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff"


def unsaved(parent: QWidget, name: str, only_weights: bool = False) -> str:
    """ "save", "discard" or "cancel": what to do with edits, or trained weights, of `name` that no file holds."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("cnnviz")
    text = _("Save the trained weights of {name}?") if only_weights else _("Save the changes to {name}?")
    box.setText(text.format(name=name))
    box.setInformativeText(_("They are lost otherwise."))
    save = box.addButton(_("Save"), QMessageBox.ButtonRole.AcceptRole)
    discard = box.addButton(_("Discard"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(save)
    box.exec()
    return "save" if box.clickedButton() is save else "discard" if box.clickedButton() is discard else "cancel"


def end_training(parent: QWidget) -> bool:
    """Whether the training that goes on may be ended, so that another one can begin."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("cnnviz")
    box.setText(_("End the training that goes on, and begin the new one?"))
    box.setInformativeText(_("What it has recorded is kept: it stands beside the new one."))
    end = box.addButton(_("End it"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(end)
    box.exec()
    return box.clickedButton() is end


def changed_on_disk(parent: QWidget, name: str) -> str:
    """ "overwrite", "elsewhere" or "cancel": where to save, since somebody else has written the file meanwhile."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("cnnviz")
    box.setText(_("{name} has been changed by another window or program since it was opened here.").format(name=name))
    box.setInformativeText(_("Saving would replace what was saved there."))
    elsewhere = box.addButton(_("Save as…"), QMessageBox.ButtonRole.AcceptRole)
    overwrite = box.addButton(_("Replace it"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(elsewhere)
    box.exec()
    answers = {elsewhere: "elsewhere", overwrite: "overwrite"}
    return next((answer for button, answer in answers.items() if box.clickedButton() is button), "cancel")


def open_network(parent: QWidget, folder: str) -> str:
    """Path of a network file to open; empty where none was chosen."""
    wanted = _("Networks") + " (*.cnnviz *.onnx)"
    return QFileDialog.getOpenFileName(parent, _("Open network"), folder, wanted)[0]


def save_network(parent: QWidget, path: str) -> str:
    """Path to save the network at; empty where none was chosen."""
    wanted = _("Networks") + " (*.cnnviz)"
    return QFileDialog.getSaveFileName(parent, _("Save network"), path, wanted)[0]


def open_picture(parent: QWidget, folder: str) -> str:
    """Path of a picture to look at; empty where none was chosen."""
    wanted = _("Pictures") + f" ({PICTURES});;" + _("All files") + " (*)"
    return QFileDialog.getOpenFileName(parent, _("Open picture"), folder, wanted)[0]


def open_checkpoint(parent: QWidget, folder: str) -> str:
    """Path of a file with weights; empty where none was chosen."""
    from ...net.files import WEIGHTS  # the network's side is loaded after the first paint

    wanted = _("Weights") + f" ({' '.join('*' + suffix for suffix in WEIGHTS)});;" + _("All files") + " (*)"
    return QFileDialog.getOpenFileName(parent, _("Load weights"), folder, wanted)[0]


def save_export(parent: QWidget, path: str, title: str, files: str, suffix: str) -> str:
    """Path to write an export to, with its suffix; empty where none was chosen."""
    dialog = QFileDialog(parent, title, path, f"{files} (*{suffix})")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)  # so that Qt asks about the very file that would be written over
    return dialog.selectedFiles()[0] if dialog.exec() else ""


def failed_start(parent: QWidget, why: str) -> None:
    """Say that the program cannot go on."""
    QMessageBox.critical(parent, "cnnviz", _("cnnviz could not start: {why}").format(why=why))
