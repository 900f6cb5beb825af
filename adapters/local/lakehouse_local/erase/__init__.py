"""`lakehouse erase`: a person is taken out of the source and out of every version of every file of the lake."""
