"""Read-only questions to the real clouds before anything is made: may this plan be carried out there?"""
