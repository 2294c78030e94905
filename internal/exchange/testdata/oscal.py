"""Validates OSCAL files with the models of compliance-trestle: oscal.py KIND FILE..."""
import sys

from trestle.oscal import OSCAL_VERSION, assessment_results, poam, ssp

MODELS = {"ssp": ssp.Model, "assessment": assessment_results.Model, "poam": poam.Model}

with open(sys.argv[2], encoding="utf-8") as file:
    MODELS[sys.argv[1]].model_validate_json(file.read())
print("valid OSCAL", OSCAL_VERSION)
